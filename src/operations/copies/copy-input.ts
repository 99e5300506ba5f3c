import { parseBytes, SizeError } from '../../values/size.ts';
import { hostPath, sizeText } from '../engine/input.ts';

/** At least 1 KiB, because rsync counts in these. */
export const copyRate = sizeText((text) => {
  if (parseBytes(text) < 1024) throw new SizeError(`"${text}" is less than 1KiB`);
}).describe('bytes a second at most: 50MiB; by rsync only');

/** Accepts what it has produced. */
export const copiedDirectory = hostPath
  .refine((path) => !path.split('/').includes('..') && /[^/.]/.test(path), 'must be a directory below /, without ".."')
  .transform((path) => path.replace(/\/+$/, ''));
