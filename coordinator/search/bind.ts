import type { Json } from '../../proto/canonical.js';
import type { Parameters, ParameterValue } from '../../proto/domain.js';

type Settings = { [key: string]: Json };

/**
 * A round's trial settings with parameters put in by their dotted paths: `learning_rate.max` is the key `max` of the map
 * `learning_rate`, `hidden.0` the first element of a list. Whatever lies on the way and is neither a map nor a list is
 * replaced by a map, as merging replaces it. Whether a path makes sense to the trainer is the trainer's schema's to say.
 *
 * @returns new settings; those given are left as they are
 */
export function bindParameters(trial: Settings, parameters: Parameters): Settings {
  let bound = trial;
  for (const [path, value] of Object.entries(parameters)) bound = setIn(bound, path.split('.'), value);
  return bound;
}

function setIn(settings: Settings, [key = '', ...rest]: readonly string[], value: ParameterValue): Settings {
  // hasOwn: a key such as __proto__ must not reach into what every object inherits.
  const inner = Object.hasOwn(settings, key) ? settings[key] : undefined;
  return { ...settings, [key]: rest.length === 0 ? value : setInside(inner, rest, value) };
}

function setInside(inner: Json | undefined, path: readonly string[], value: ParameterValue): Json {
  if (!Array.isArray(inner)) return setIn(isMap(inner) ? inner : {}, path, value);
  const [key = '', ...rest] = path;
  const index = Number(key);
  if (!/^\d+$/.test(key) || index >= inner.length) return setIn({}, path, value);
  return inner.with(index, rest.length === 0 ? value : setInside(inner[index], rest, value));
}

function isMap(value: Json | undefined): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
