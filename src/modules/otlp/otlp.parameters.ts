import { type JsonText } from '../../domain/json.js';
import { NO_PARAMETERS } from './otlp.description.js';
import { type Parameter, type Picks } from './otlp.picks.js';
import { type AttributeValue } from './otlp.span.js';
import { toJson, toMembers, toStorableJson } from './otlp.values.js';

/** The parameters of one model call, put together from all attributes that state some. */
export class ModelParameters {
  /** Of the standard's own keys. */
  private readonly standard = new Map<string, AttributeValue>();
  private readonly others: (readonly [Parameter, AttributeValue])[] = [];

  add(parameter: Parameter, value: AttributeValue): void {
    if (value === null) return;
    if (parameter.rank === 0) this.standard.set(parameter.name, value);
    else this.others.push([parameter, value]);
  }

  /** As JSON of an object: what Langfuse's attribute states as a whole, else the union, the standard's keys first. */
  read(picks: Picks): JsonText | undefined {
    const stated = picks.get('modelParameters');
    if (stated !== undefined && toMembers(stated) !== undefined) {
      picks.use('modelParameters');
      return typeof stated === 'string' ? toStorableJson(stated) : toJson(stated);
    }
    const parameters = this.standard;
    for (const [name, value] of toMembers(picks.get('invocationParameters')) ?? []) {
      if (value === null || NO_PARAMETERS.has(name) || parameters.has(name)) continue;
      parameters.set(name, toAttributeValue(value));
    }
    if (this.others.length > 0) {
      for (const [{ name }, value] of this.others.sort(([a], [b]) => a.rank - b.rank)) {
        if (!parameters.has(name)) parameters.set(name, value);
      }
    }
    return parameters.size === 0 ? undefined : toJson(parameters);
  }
}

/** Members of JSON text are plain values, those of a key-value list attribute values already. */
function toAttributeValue(value: unknown): AttributeValue {
  if (typeof value !== 'object' || value === null || value instanceof Map) return value as AttributeValue;
  if (Array.isArray(value)) return value.map(toAttributeValue);
  return new Map(Object.entries(value).map(([key, item]) => [key, toAttributeValue(item)]));
}
