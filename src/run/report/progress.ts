/** What becomes of the bytes, as those who measure it on a host call it (facts/copies/noted.sh). */
export const progressWords = ['copied', 'compared', 'archived', 'listed', 'reread', 'restored', 'transferred'] as const;

/** How far a part of what is being done is. */
export interface Measured {
  readonly what: (typeof progressWords)[number];
  /** Never more than `total`. */
  readonly bytes: number;
  readonly total: number;
}

/** The same, with what only time shows. */
export interface Progress extends Measured {
  /** Bytes a second of late; absent until it is known. */
  readonly rate?: number;
  /** Seconds, at that rate; absent without one. */
  readonly left?: number;
  /** Nothing more comes of this part. */
  readonly ended?: true;
}
