import type { SearchDetail__Output } from '../../proto/generated/vernier/v1/SearchDetail.js';
import { busyMs } from './busy.js';
import { summaryOf } from './detail.js';
import { heading, paragraph, type Block, type Text } from './document/document.js';
import { duration } from './format.js';
import { ranOn } from './provenance.js';

/** A search of a report. */
export interface Reported {
  detail: SearchDetail__Output;
  /** The file that made it, as a user would name it; the name it was submitted by when absent. */
  file?: string;
}

/** What anybody computes again: files, seeds, data, digests. Nothing here differs from machine to machine. */
export function computedBlocks(searches: readonly Reported[]): Block[] {
  const blocks: Block[] = [
    heading(2, 'What was computed'),
    paragraph(
      'The same files, seeds and data give the same result digests on every machine: SHA-256 over every trial’s parameters, seeds, states, weights and the bits of every metric of every epoch.',
    ),
  ];
  for (const { detail, file } of searches) {
    const { name, seed, specSha256 } = summaryOf(detail);
    const { fileName, numericsVersion, datasets, resultDigest } = detail;
    const items: Text[] = [
      ['file ', { code: file ?? (fileName === '' ? 'not recorded' : fileName) }, `, seed ${seed}`],
      ['specification ', { code: specSha256 }],
      ...datasets.map((data): Text => ['data set ', { strong: data.name }, ' ', { code: data.sha256 }]),
      ['numerics ', { code: numericsVersion }],
      resultDigest === '' ? 'no result digest: it has not completed' : ['result digest ', { code: resultDigest }],
    ];
    blocks.push(heading(3, name), { kind: 'list', items });
  }
  return blocks;
}

/**
 * What differs from run to run: ids, times, machines, and the commands that compute it all again.
 *
 * @param store how a command reaches the store: ` --store FILE`, or nothing for the default one
 */
export function runBlocks(searches: readonly Reported[], store: string): Block[] {
  const rows = searches.map(({ detail }): Text[] => {
    const { id, name, createdMs, endedMs, trialsDone } = summaryOf(detail);
    return [name, { code: id }, String(trialsDone), time(createdMs), time(endedMs), duration(busyMs(detail))].map(
      (cell): Text => (typeof cell === 'string' ? cell : [cell]),
    );
  });
  const whole = searches.reduce((sum, { detail }) => sum + busyMs(detail), 0);
  const machines = new Set(
    searches.flatMap(({ detail }) => ranOn(detail).map((line) => `${summaryOf(detail).name}: ${line}`)),
  );
  return [
    heading(2, 'Times and machines'),
    {
      kind: 'table',
      caption: `Times are UTC; trials ran for ${duration(whole)} in all`,
      columns: [
        { head: 'search', align: 'left' },
        { head: 'id', align: 'left' },
        { head: 'trials', align: 'right' },
        { head: 'submitted', align: 'left' },
        { head: 'ended', align: 'left' },
        { head: 'trials ran for', align: 'right' },
      ],
      rows,
    },
    { kind: 'list', items: [...machines] },
    paragraph('These commands compute every trial again and compare all bits:'),
    {
      kind: 'code',
      text: searches.map(({ detail }) => `vernier verify ${summaryOf(detail).id}${store} --all`).join('\n'),
    },
  ];
}

/** `2026-11-25 03:20:14`, in UTC. */
function time(unixMs: number): string {
  return unixMs === 0 ? '–' : new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ');
}
