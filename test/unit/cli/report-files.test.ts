import { expect, it } from 'vitest';
import { filesInWords } from '../../../coordinator/cli/report-files.js';

it('names a report’s documents and counts its figures', () => {
  const figures = ['figure-1.svg', 'figure-1.png', 'figure-12.svg', 'figure-12.png'];
  expect(filesInWords(['report.md', 'report.html', ...figures])).toBe(
    'report.md, report.html, 2 figures as SVG and PNG',
  );
  expect(filesInWords(['figure-1.svg'])).toBe('1 figure as SVG');
  expect(filesInWords(['report.md'])).toBe('report.md');
});
