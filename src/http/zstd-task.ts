import { type ZstdFrame } from './zstd.js';

/** Frames to be inflated one after another. */
export interface ZstdTask {
  readonly bytes: Uint8Array;
  readonly frames: readonly ZstdFrame[];
  /** Of all frames together, inflated. */
  readonly maxBytes: number;
}

export type ZstdAnswer = { readonly inflated: Uint8Array } | { readonly tooLarge: true } | { readonly damaged: string };
