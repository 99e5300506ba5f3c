// What `docker inspect --format` and `docker image inspect --format` print.
import { TemplateError, render } from './template.mjs';

/** `objects`: one JSON object on each line, with the keys that Docker gives; each is rendered by the template. */
export function renderLines(template, objects) {
  let out = '';
  try {
    for (const line of objects.split('\n')) if (line !== '') out += `${render(template, JSON.parse(line))}\n`;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return {
      out: `${out}\n`,
      error: `template parsing error: template: :1:1: executing "" at <sim>: ${error.message}`,
    };
  }
  return { out };
}
