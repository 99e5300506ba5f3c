/** `1 host`, `40 hosts`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${String(number)} ${number === 1 ? noun : plural}`;
}

/** Seconds for people: `0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${String(Number(seconds.toFixed(1)))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  const [large, small] =
    minutes < 60
      ? [`${String(minutes)} min`, whole % 60 === 0 ? '' : ` ${String(whole % 60)} s`]
      : [`${String(Math.floor(minutes / 60))} h`, minutes % 60 === 0 ? '' : ` ${String(minutes % 60)} min`];
  return `${large}${small}`;
}

/** A message that names its host, for a line that has named it already. */
export function withoutName(message: string, host: string): string {
  return message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}
