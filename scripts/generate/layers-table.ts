import type { Layers } from '../layers.ts';

export function layersTable(layers: Layers): string {
  const rows = [
    ...Object.entries(layers.packages).map(([name, rule]) => [
      name,
      rule.owns,
      [...rule.packages, ...rule.npm.filter((npm) => npm !== '*')].join(', ') || '-',
    ]),
    ...Object.entries(layers.engine).map(([name, rule]) => [
      `engine/${name}`,
      rule.owns,
      [
        ...rule.may.map((may) => (may === '*' ? 'everything' : may === '*/index.ts' ? "a stage's index.ts" : may)),
        ...(rule.contracts ? ['contracts'] : []),
      ].join(', ') || '-',
    ]),
  ];
  const lines = rows.map(
    (cells) => `| ${cells.map((cell, index) => (index === 0 ? `\`${cell}\`` : cell)).join(' | ')} |`,
  );
  return ['| folder | owns | may import, besides itself |', '|---|---|---|', ...lines, ''].join('\n');
}
