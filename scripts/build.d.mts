/** Bundles an entry, TypeScript or not, as esbuild's options say where. Errors: as esbuild's, printed before. */
export function bundle(
  entry: string,
  out:
    { readonly outfile: string } | { readonly outdir: string; readonly splitting: true; readonly chunkNames: string },
): Promise<unknown>;
