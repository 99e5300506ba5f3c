/** `error`: what Docker says on standard error when it then ends with 1. */
export interface Rendered {
  readonly out: string;
  readonly error?: string;
}

export function renderLines(template: string, objects: string): Rendered;
