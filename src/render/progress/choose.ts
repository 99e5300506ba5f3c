import { jsonRenderer } from './json.ts';
import { LiveRenderer } from './live.ts';
import { PlainRenderer } from './plain.ts';
import type { Renderer, Screen } from '../renderer.ts';

export type OutputKind = 'live' | 'plain' | 'json';

/** @param options.verbose each host's own commands, and every event of it */
export function createRenderer(kind: OutputKind, screen: Screen, options: { readonly verbose: boolean }): Renderer {
  switch (kind) {
    case 'live':
      return new LiveRenderer(screen, options);
    case 'plain':
      return new PlainRenderer(screen, options);
    case 'json':
      return jsonRenderer(screen);
  }
}
