/**
 * How else a data set's clips are to be encoded: a declared list of encoders and their settings. Each value has its range and
 * becomes one argument of ffmpeg, so a variants file can set nothing else.
 */
import { z } from 'zod';
import type { Recipe } from '../preparation/convert.js';

/** Names become folders and values of the manifest's codec column. */
const name = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'use small letters, digits and hyphens');
const common = {
  name,
  /** Most frames from I-frame to I-frame. */
  gop: z.int().min(2).max(600),
  /** Factor of width and height; they come out even. */
  scale: z.number().min(0.25).max(2).default(1),
};
/** Quantiser of every macroblock: 1 is the finest. */
const quantiser = z.int().min(1).max(31);

const variantSchema = z
  .discriminatedUnion('codec', [
    z.strictObject({ ...common, codec: z.literal('mpeg4'), quantiser, bFrames: z.int().min(0).max(4).default(0) }),
    z.strictObject({ ...common, codec: z.literal('flv1'), quantiser }),
    z.strictObject({
      ...common,
      codec: z.literal('h264'),
      profile: z.enum(['baseline', 'main', 'high']),
      /** Constant rate factor of x264: 0 is the finest. */
      crf: z.int().min(1).max(51),
      bFrames: z.int().min(0).max(8).default(0),
      preset: z.enum(['ultrafast', 'veryfast', 'fast', 'medium', 'slow']).default('medium'),
    }),
  ])
  .superRefine((variant, context) => {
    const prefix = prefixOf(variant);
    if (variant.name !== prefix && !variant.name.startsWith(`${prefix}-`)) {
      const message = `${variant.name} must begin with ${prefix}: that is how others know what it is`;
      context.addIssue({ code: 'custom', path: ['name'], message });
    }
    if (variant.codec === 'h264' && variant.profile === 'baseline' && variant.bFrames > 0) {
      context.addIssue({ code: 'custom', path: ['bFrames'], message: 'Baseline has no B-frames' });
    }
  });

/** The file. */
export const variantsSchema = z.strictObject({
  variants: z
    .array(variantSchema)
    .min(1)
    .max(64)
    .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'two variants have one name'),
});

/** One way to encode. */
export type Variant = z.output<typeof variantSchema>;

/** What the variant's name begins with: the codec, and H.264's profile. */
function prefixOf(variant: { codec: string; profile?: string }): string {
  return variant.profile === undefined ? variant.codec : `${variant.codec}-${variant.profile}`;
}

/**
 * The variant as ffmpeg is told it. One thread, so that the same source gives the same bytes.
 * @param source size of the picture in luma samples
 */
export function recipeOf(variant: Variant, source: { width: number; height: number }): Recipe {
  const { gop, scale } = variant;
  const even = (side: number) => Math.max(16, 2 * Math.round((side * scale) / 2));
  const size = scale === 1 ? undefined : { width: even(source.width), height: even(source.height) };
  return { encoder: [...settingsOf(variant), '-g', String(gop), ...fixed], size, container: containerOf(variant) };
}

const fixed = ['-threads', '1', '-pix_fmt', 'yuv420p'];

function settingsOf(variant: Variant): string[] {
  switch (variant.codec) {
    case 'mpeg4':
      return ['-c:v', 'mpeg4', '-q:v', String(variant.quantiser), '-bf', String(variant.bFrames)];
    case 'flv1':
      return ['-c:v', 'flv', '-q:v', String(variant.quantiser)];
    case 'h264': {
      const { profile, preset, crf, bFrames } = variant;
      const coding = ['-c:v', 'libx264', '-profile:v', profile, '-preset', preset];
      return [...coding, '-crf', String(crf), '-bf', String(bFrames)];
    }
  }
}

/** Container of a variant's clips, which is also their ending. */
export function containerOf({ codec }: Variant): 'mp4' | 'flv' {
  return codec === 'flv1' ? 'flv' : 'mp4';
}
