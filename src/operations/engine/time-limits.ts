/** A copy takes as long as it takes; yet nothing on a host is without a bound. */
export const longestCopyMs = 24 * 3_600_000;
