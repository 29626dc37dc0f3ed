/** A run's folder: what makes a run the same one, and the checkpoint to go on from. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import type { Run } from './run-plan.js';
import { needsSideInputs } from './side-inputs.js';

/** What makes two runs the same: a checkpoint goes on only with this unchanged. */
export function identityOf({ options, dataset, protocolHash }: Run): string {
  const { config, validationFold, testFold, everyone, start } = options;
  const sources = needsSideInputs(config) ? { identity: options.identity?.name, apex: options.apex?.name } : undefined;
  const folds = { validationFold, testFold, ...(everyone && { everyone }) };
  return JSON.stringify({
    ...{ config, data: dataset.hash, faces: dataset.facesHash, ...folds },
    ...{ protocol: protocolHash, sources },
    ...(start && { start: createHash('sha256').update(start).digest('hex') }),
  });
}

/** The checkpoint to go on with, if any. */
export async function openFolder({ options }: Pick<Run, 'options'>): Promise<Uint8Array | undefined> {
  const path = join(options.out, 'checkpoint.safetensors');
  const exists = await stat(path).catch(() => undefined);
  if (!exists) {
    if (options.resume) options.events?.notice?.(`nothing to resume in ${options.out}: starting anew`);
    return undefined;
  }
  if (!options.resume) throw new ModelError(`${options.out} holds a run already: add --resume, or name another --out`);
  return await readFile(path);
}
