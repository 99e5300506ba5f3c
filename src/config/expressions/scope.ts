import type { JsonObject } from '../../values/json.ts';
import type { Host, Play, Scope } from '../model/types.ts';

/**
 * What the expressions of a play can see on a host before anything has run. The inventory's
 * variables, then the play's, then the command line's: the later ones win. A play's variable may
 * read the inventory's and the ones before it. Throws an AppError('config') with the place.
 */
export function playScope(play: Pick<Play, 'varTemplates'>, host: Host, extraVars: JsonObject): Scope {
  const { address, port, user } = host.target;
  const self: JsonObject = { name: host.name, address, port, user, groups: host.groups, vars: host.vars };
  let vars: JsonObject = { ...host.vars, ...extraVars };
  for (const [name, template] of play.varTemplates) {
    if (Object.hasOwn(extraVars, name)) continue;
    const resolved = template.resolve({ vars, host: self, facts: {}, registers: {} });
    // Only vars and host can be read here, and both are known.
    if ('value' in resolved) vars = { ...vars, [name]: resolved.value };
  }
  return {
    vars,
    host: self,
    facts: {},
    registers: {},
    ...(host.withheld === undefined ? {} : { withheld: host.withheld }),
  };
}
