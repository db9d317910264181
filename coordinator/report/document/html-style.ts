/** The page's looks: one column, light or dark as the reader's system is, from phones to wide screens, and on paper. */
export const STYLE = `:root {
  color-scheme: light dark;
  --text: #1f2328;
  --page: #ffffff;
  --soft: #59636e;
  --line: #d1d9e0;
  --shade: #f6f8fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed;
    --page: #15181c;
    --soft: #a0a8b2;
    --line: #3a414a;
    --shade: #1f242a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
  overflow-wrap: anywhere;
}
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0.5rem 0 1.2rem; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 0.8rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.08rem; margin: 1.8rem 0 0.6rem; }
p, ul { max-width: 46rem; }
code { font: 0.88em ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
p code, li code, td code { background: var(--shade); padding: 0.1em 0.3em; border-radius: 4px; }
pre { background: var(--shade); padding: 0.8rem 1rem; border-radius: 6px; overflow-x: auto; overflow-wrap: normal; }
.table { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.4rem; }
th, td { padding: 0.3rem 0.75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; white-space: nowrap; }
th { border-bottom: 2px solid var(--line); font-weight: 600; white-space: normal; vertical-align: bottom; }
th.number, td.number { text-align: right; }
.figures { display: flex; flex-wrap: wrap; gap: 1.4rem 2rem; margin: 1.2rem 0; }
figure { margin: 0; flex: 0 1 auto; max-width: 100%; }
figcaption { color: var(--soft); font-size: 0.92rem; margin-top: 0.3rem; max-width: 30rem; }
.plot-frame { overflow-x: auto; }
.plot-frame svg { display: block; max-width: 100%; height: auto; background: transparent !important; color: var(--text) !important; }
@media (max-width: 40rem) { td:not(.number) { white-space: normal; } th, td { padding: 0.3rem 0.4rem; } }
@media print { .figures, .table { break-inside: avoid; } }
`;
