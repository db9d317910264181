import { closest } from '../../proto/closest.js';
import { branchesOf, keysOf, mapBranchesOf, propertyOf, type JsonSchema } from './json-schema.js';
import { LONGEST_COMPARED } from './mismatch.js';
import type { ParameterDraft } from './parameter-draft.js';
import type { Problems } from './problems.js';
import { quote } from './source.js';

/** What the setting at a dotted path takes, in any alternative of the trial's schema; undefined when there is no such setting. */
function schemaAtPath(schema: JsonSchema, path: string): JsonSchema | undefined {
  let at = [schema];
  for (const segment of path.split('.')) {
    at = at.flatMap((one) =>
      branchesOf(one).flatMap((branch) => {
        if (branch.type === 'object') return propertyOf({ ...branch, type: 'object' }, segment) ?? [];
        return branch.type === 'array' && /^\d+$/.test(segment) ? (branch.items ?? []) : [];
      }),
    );
  }
  return at.length > 1 ? { anyOf: at } : at[0];
}

/** Every dotted path to a setting that takes single values. */
function settingsOf(schema: JsonSchema, prefix = ''): string[] {
  const maps = mapBranchesOf(schema);
  const inner = keysOf(maps).flatMap((key) =>
    maps.flatMap((map) => settingsOf(propertyOf(map, key) ?? {}, prefix === '' ? key : `${prefix}.${key}`)),
  );
  const own =
    branchesOf(schema).some(({ type }) => type !== 'object' && type !== 'array') && prefix !== '' ? [prefix] : [];
  return [...new Set([...own, ...inner])];
}

/** What a trial runs decides what its settings are, so it cannot be one of them. */
const NOT_SEARCHED = ['kind'];

/**
 * Tells of parameters whose names are no settings of the trial.
 *
 * @returns the schema of each parameter's setting, for those that are
 */
export function checkPaths(
  drafts: Iterable<ParameterDraft>,
  trial: JsonSchema,
  problems: Problems,
): Map<ParameterDraft, JsonSchema> {
  const settings = settingsOf(trial).filter((setting) => !NOT_SEARCHED.includes(setting));
  const found = new Map<ParameterDraft, JsonSchema>();
  for (const draft of drafts) {
    const { name, keyOffset } = draft;
    const schema = NOT_SEARCHED.includes(name) ? undefined : schemaAtPath(trial, name);
    if (schema !== undefined && branchesOf(schema).some(({ type }) => type !== 'object' && type !== 'array')) {
      found.set(draft, schema);
      continue;
    }
    const within = settings.filter((setting) => setting.startsWith(`${name}.`));
    const meant = meantSetting(name, settings);
    if (NOT_SEARCHED.includes(name)) {
      const message = `parameter ${name}: what a trial runs cannot be searched`;
      problems.add({
        rule: 'unknown-path',
        message,
        offset: keyOffset,
        suggestion: `write it in trial: {${name}: ...}`,
      });
      continue;
    }
    const message =
      within.length > 0
        ? `parameter ${name} names a group of settings of the trial, not one`
        : `parameter ${quote(name)} is no setting of the trial`;
    const suggestion =
      within.length > 0
        ? `name one of ${within.join(', ')}`
        : meant === undefined
          ? settingsInWords(settings)
          : `did you mean ${meant}?`;
    problems.add({ rule: 'unknown-path', message, offset: keyOffset, suggestion });
  }
  return found;
}

/** All of them would be a page: those within a group are told when the group is named. */
function settingsInWords(settings: readonly string[]): string {
  const single = settings.filter((setting) => !setting.includes('.'));
  const groups = new Set(settings.flatMap((setting) => (setting.includes('.') ? (setting.split('.')[0] ?? []) : [])));
  return `settings are ${single.join(', ')}, and those of ${[...groups].join(', ')}`;
}

/** By the whole path, or by its last name: `max` is likely learning_rate.max, and `lr.max` too. */
function meantSetting(name: string, settings: readonly string[]): string | undefined {
  const word = name.slice(0, LONGEST_COMPARED);
  const last = word.split('.').at(-1);
  return closest(word, settings) ?? settings.find((setting) => setting.split('.').at(-1) === last);
}

/**
 * Tells of parameters of one round that feed a setting and something inside it.
 *
 * @param settings those that feed a setting at all
 */
export function checkOverlaps(
  drafts: ReadonlyMap<string, ParameterDraft>,
  settings: ReadonlyMap<ParameterDraft, JsonSchema>,
  problems: Problems,
): void {
  for (const draft of drafts.values()) {
    if (!settings.has(draft)) continue;
    const { name, keyOffset } = draft;
    const segments = name.split('.');
    for (let length = 1; length < segments.length; length++) {
      const outer = segments.slice(0, length).join('.');
      const within = drafts.get(outer);
      if (within === undefined || !settings.has(within)) continue;
      const message = `parameter ${name} feeds a part of what parameter ${outer} feeds`;
      problems.add({ rule: 'paths-overlap', message, offset: keyOffset, suggestion: 'keep one of the two' });
    }
  }
}
