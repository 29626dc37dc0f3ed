/**
 * A grid of configurations to be compared, declared in a file: a base config, protocols, and cells that each change some
 * keys of it; `axes` multiplies the cells by the values of further keys. Everything that a comparison says can be read off
 * this file.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.js';
import { parseJson } from '../files/json-file.js';
import { type TrainingConfig, trainingConfigSchema } from './config.js';
import { type Protocol, parseProtocol } from './protocol.js';

/** Keys of the config with dots (`regulariser.lambda`) and their values; null takes the key away. */
const changes = z.record(z.string().min(1), z.json());

/** A grid file. */
export const gridSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Training config, relative to this file. */
  config: z.string().min(1),
  /** Changes of all cells. */
  set: changes.default({}),
  /** Protocol files, relative to this file; none: all training clips. */
  protocols: z.array(z.string().min(1)).default([]),
  /** The first is what the others are compared with. */
  cells: z
    .array(z.strictObject({ name: z.string().min(1).max(60), set: changes.default({}) }))
    .min(1)
    .default([{ name: 'base', set: {} }]),
  /** Every cell with each value of each key. */
  axes: z.record(z.string().min(1), z.array(z.json()).min(1)).default({}),
  folds: z.array(z.int().min(0)).min(1).optional(),
  seeds: z.array(z.int().min(0)).min(1).optional(),
});

/** One configuration of the grid under one protocol. */
export interface GridCell {
  /** Of the configuration. */
  name: string;
  /** Name of the protocol; `all clips` without one. */
  protocolName: string;
  /** Folder, relative to the grid's. */
  folder: string;
  config: TrainingConfig;
  protocol: Protocol | undefined;
}

/** A grid with its files read. */
export interface Grid {
  name: string;
  cells: GridCell[];
  folds: number[] | undefined;
  seeds: number[] | undefined;
  /** The file's text, for the record. */
  source: string;
}

/** Reads a grid with the files it names. Throws ModelError naming file and key, or the cell whose config is wrong. */
export async function readGrid(path: string): Promise<Grid> {
  const source = await readFile(path, 'utf8');
  const grid = parseJson(source, basename(path), gridSchema);
  const beside = (file: string) => resolve(dirname(path), file);
  const read = (file: string) =>
    readFile(beside(file), 'utf8').catch(() => {
      throw new ModelError(
        `${basename(path)} names ${file}, which cannot be read: paths are relative to the grid file`,
      );
    });
  const base = parseJson(await read(grid.config), grid.config, z.record(z.string(), z.json()));
  const protocols: (Protocol | undefined)[] = [];
  for (const file of grid.protocols) protocols.push(parseProtocol(await read(file), file));
  if (protocols.length === 0) protocols.push(undefined);

  const variants = product(grid.axes).flatMap((values) =>
    grid.cells.map(({ name, set }) => ({
      name: [name, ...Object.entries(values).map(([key, v]) => `${key.split('.').at(-1)} ${text(v)}`)].join(', '),
      set: { ...grid.set, ...set, ...values },
    })),
  );
  const cells = protocols.flatMap((protocol) =>
    variants.map(({ name, set }): GridCell => {
      const protocolName = protocol?.name ?? 'all clips';
      const changed = structuredClone(base);
      for (const [key, value] of Object.entries(set)) change(changed, key, value, `${basename(path)}, cell ${name}`);
      const config = trainingConfigSchema.safeParse({ ...changed, name: `${grid.name}: ${name}`.slice(0, 100) });
      if (!config.success) {
        const [issue] = config.error.issues;
        throw new ModelError(`${basename(path)}, cell ${name}: ${issue?.path.join('.')}: ${issue?.message}`);
      }
      return { name, protocolName, folder: join(slug(protocolName), slug(name)), config: config.data, protocol };
    }),
  );
  const twice = cells.find((cell, i) => cells.findIndex(({ folder }) => folder === cell.folder) !== i);
  if (twice) throw new ModelError(`${basename(path)}: two cells are called ${twice.name} under ${twice.protocolName}`);
  return { name: grid.name, cells, folds: grid.folds, seeds: grid.seeds, source };
}

type Json = z.infer<ReturnType<typeof z.json>>;

function product(axes: Readonly<Record<string, readonly Json[]>>): Record<string, Json>[] {
  return Object.entries(axes).reduce<Record<string, Json>[]>(
    (all, [key, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

function text(value: Json): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Sets a dotted key. */
function change(target: Record<string, Json>, key: string, value: Json, where: string): void {
  const parts = key.split('.');
  const last = parts.pop()!;
  let at = target;
  for (const part of parts) {
    if (Object.hasOwn(Object.prototype, part)) throw new ModelError(`${where}: there is no key ${key}`);
    const next = at[part];
    if (next === undefined || next === null || typeof next !== 'object' || Array.isArray(next)) {
      throw new ModelError(`${where}: ${key} cannot be set, the config has no ${part}`);
    }
    at = next as Record<string, Json>;
  }
  if (value === null) delete at[last];
  // A copy: cells that change a part of a shared value must not change it for the others.
  else at[last] = structuredClone(value);
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
