/** Characters that mean something to TeX, or that its old text encoding lacks. Ligatures (-- and the like) are kept apart. */
const WRITTEN: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '`': '\\textasciigrave{}',
  "'": '\\textquotesingle{}',
  '"': '\\char34{}',
  '-': '-{}',
  '–': '--',
  '—': '---',
  '’': "'",
  '‘': '`',
  '“': '``',
  '”': "''",
  '…': '\\ldots{}',
  '\u00a0': '~',
  '\u2009': '\\,',
  '\u202f': '\\,',
  '−': '\\ensuremath{-}',
  '±': '\\ensuremath{\\pm}',
  '×': '\\ensuremath{\\times}',
  '·': '\\ensuremath{\\cdot}',
  '÷': '\\ensuremath{\\div}',
  '≤': '\\ensuremath{\\leq}',
  '≥': '\\ensuremath{\\geq}',
  '≈': '\\ensuremath{\\approx}',
  '≠': '\\ensuremath{\\neq}',
  '→': '\\ensuremath{\\rightarrow}',
  '←': '\\ensuremath{\\leftarrow}',
  '↑': '\\ensuremath{\\uparrow}',
  '↓': '\\ensuremath{\\downarrow}',
  '∞': '\\ensuremath{\\infty}',
  '²': '\\ensuremath{^2}',
  '³': '\\ensuremath{^3}',
  '₁': '\\ensuremath{_1}',
  '₂': '\\ensuremath{_2}',
  '°': '\\textdegree{}',
  µ: '\\textmu{}',
  '§': '\\S{}',
  '©': '\\textcopyright{}',
  '€': '\\texteuro{}',
};

const GREEK = [
  ['α', 'alpha'],
  ['β', 'beta'],
  ['γ', 'gamma'],
  ['δ', 'delta'],
  ['ε', 'varepsilon'],
  ['ζ', 'zeta'],
  ['η', 'eta'],
  ['θ', 'theta'],
  ['κ', 'kappa'],
  ['λ', 'lambda'],
  ['μ', 'mu'],
  ['ν', 'nu'],
  ['ξ', 'xi'],
  ['π', 'pi'],
  ['ρ', 'rho'],
  ['σ', 'sigma'],
  ['τ', 'tau'],
  ['φ', 'varphi'],
  ['χ', 'chi'],
  ['ψ', 'psi'],
  ['ω', 'omega'],
  ['Γ', 'Gamma'],
  ['Δ', 'Delta'],
  ['Θ', 'Theta'],
  ['Λ', 'Lambda'],
  ['Σ', 'Sigma'],
  ['Φ', 'Phi'],
  ['Ψ', 'Psi'],
  ['Ω', 'Omega'],
] as const;

const TABLE = new Map([
  ...Object.entries(WRITTEN),
  ...GREEK.map(([letter, name]): [string, string] => [letter, `\\ensuremath{\\${name}}`]),
]);

/** Letters that TeX makes of a letter and an accent in every font. */
const ACCENTED = /[ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ]/;

/**
 * Text without control characters as TeX reads it. A character that no font of a small installation has is named by its number,
 * [U+6F22], since TeX would stop at it.
 */
export function latexCharacters(text: string): string {
  let written = '';
  for (const character of text) {
    const known = TABLE.get(character);
    if (known !== undefined) written += known;
    else if ((character >= ' ' && character <= '~') || ACCENTED.test(character)) written += character;
    else written += `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
  }
  return written;
}
