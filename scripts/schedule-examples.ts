/** An example of docs/schedules.md as a whole search file, and the picture that the page shows of it. */
export interface ScheduleExample {
  /** Relative to docs/. */
  picture: string;
  file: string;
}

/** The page's examples: every YAML block after the first, which holds what is the same in all, with the picture below it. */
export function scheduleExamples(page: string): ScheduleExample[] {
  const [common = ''] = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text);
  const examples = [...page.matchAll(/```yaml\n([^`]*)```\n\n!\[[^\]]*\]\(([^)]*)\)/g)];
  return examples.map(([, settings = '', picture = '']) => ({
    picture,
    file: `${common}${settings.replaceAll(/^(?=.)/gm, '  ')}`,
  }));
}

/** The figure that `vernier report` makes of the page's range test; relative to docs/. */
export const RANGE_TEST_PICTURE = 'images/schedules/range-test-accuracy.svg';

/** The page's search file of a range test. */
export function rangeTestExample(page: string): string {
  const [, file] = /```yaml\n(name: range-test\n[^`]*)```/.exec(page) ?? [];
  if (file === undefined) throw new Error('docs/schedules.md has no range test');
  return file;
}
