/**
 * Where things lie in the kernel's memory. Below 64 KiB: AssemblyScript's own. Then constant tables, written once by
 * the driver (src/bitstream/mpeg4/lookup.ts, which knows these addresses through the module's exports); then the
 * arrays of the layer, then the planes of the current picture, then its packet.
 */

/** u32 per 12-bit prefix: length with sign (5 bits), run + 1 << 8, last << 15, level << 16; level 0: escape (length 7) or invalid (0). */
export const TCOEF_INTER: usize = 0x10000;
export const TCOEF_INTRA: usize = 0x14000;
/** u16 per 12-bit prefix: length without sign, code << 4. */
export const MVD: usize = 0x18000;
/** u8 per 11-bit (luminance) or 12-bit (chrominance) prefix: length, size << 4. */
export const DCT_DC_SIZE_LUMA: usize = 0x1a000;
export const DCT_DC_SIZE_CHROMA: usize = 0x1a800;
/** u16 per 9-bit prefix (13-bit for H.263's inter4v+q): length, (type * 4 + cbpc) << 4. */
export const MCBPC_INTRA: usize = 0x1b800;
export const MCBPC_INTER: usize = 0x1bc00;
/** u8 per 6-bit prefix: length, cbpy << 4. */
export const CBPY: usize = 0x1c000;
/** Escape type 1 and 2: u8 [last][run] greatest level, and [last][level] greatest run. */
export const LMAX_INTER: usize = 0x1c040;
export const LMAX_INTRA: usize = 0x1c0c0;
export const RMAX_INTER: usize = 0x1c140;
export const RMAX_INTRA: usize = 0x1c1c0;
/** u8[64] each: zigzag, alternate horizontal, alternate vertical; transposed positions (horizontal * 8 + vertical). */
export const SCAN_ZIGZAG: usize = 0x1c240;
export const SCAN_HORIZONTAL: usize = 0x1c280;
export const SCAN_VERTICAL: usize = 0x1c2c0;
/** i16[64] each, transposed. */
export const MATRIX_INTRA: usize = 0x1c300;
export const MATRIX_INTER: usize = 0x1c380;
/** i16[64]: coefficients of the block at hand, transposed. Zero between blocks. */
export const COEF: usize = 0x1c400;
/** Neighbour block outside the video packet or not intra: DC 1024, AC 0. i16[16]. */
export const NO_NEIGHBOUR: usize = 0x1c480;
/** u16 per 13-bit prefix, whole coefficients at once: length, sum of (run + 1) << 4, last << 11; 0: escape or invalid. */
export const SKIP_INTER: usize = 0x60000;
export const SKIP_INTRA: usize = 0x64000;
/** Like TCOEF_*, per 15-bit prefix; escape has length 4. */
export const RVLC_INTER: usize = 0x20000;
export const RVLC_INTRA: usize = 0x40000;
/** The layer's arrays begin here. */
export const HEAP: usize = 0x68000;
