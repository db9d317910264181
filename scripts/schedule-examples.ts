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
