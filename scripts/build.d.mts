/** Bundles an entry, TypeScript or not, into one file. Errors: as esbuild's, printed before. */
export function bundle(entry: string, outfile: string): Promise<unknown>;
