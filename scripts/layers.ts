/**
 * The check of the import rules: reads `layers.json`, every source file of the packages, and says each import that the
 * rules don't allow, with the file and the line. `npm run layers` runs it; the architecture test plants violations in a copy.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

interface EngineRule {
  readonly owns: string;
  readonly may: readonly string[];
  readonly contracts: boolean;
}
interface PackageRule {
  readonly owns: string;
  readonly packages: readonly string[];
  readonly npm: readonly string[];
}
export interface Layers {
  readonly packages: Readonly<Record<string, PackageRule>>;
  readonly engine: Readonly<Record<string, EngineRule>>;
  readonly only: readonly { readonly what: string; readonly npm: readonly string[]; readonly in: readonly string[] }[];
}

export interface Checked {
  readonly files: number;
  readonly imports: number;
  readonly violations: readonly string[];
}

const ENGINE = 'packages/engine/src';
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function readLayers(root: string): Layers {
  return JSON.parse(readFileSync(join(root, 'layers.json'), 'utf8')) as Layers;
}

export function checkLayers(root: string): Checked {
  const layers = readLayers(root);
  const violations: string[] = [];
  let imports = 0;
  const files = [...Object.keys(layers.packages).map((name) => `${name}/src`), ENGINE].flatMap((folder) =>
    sourceFiles(join(root, folder)),
  );
  for (const file of files) {
    const path = relative(root, file);
    const text = readFileSync(file, 'utf8');
    for (const { specifier, line } of importsOf(text)) {
      imports += 1;
      const problem = path.startsWith(ENGINE)
        ? engineProblem(layers, { path, specifier })
        : packageProblem(layers, { path, specifier });
      if (problem !== null) violations.push(`${path}:${line} imports ${specifier}: ${problem}`);
    }
    if (path.startsWith(ENGINE)) violations.push(...lawProblems(path, text));
  }
  return { files: files.length, imports, violations };
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? sourceFiles(path) : [path]))
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !/\.(test|suite|spec)\.tsx?$/.test(path));
}

function importsOf(text: string): { specifier: string; line: number }[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    line: text.slice(0, (match.index ?? 0) + match[0].length).split('\n').length,
  }));
}

function packageOf(specifier: string): string {
  return specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : (specifier.split('/')[0] ?? specifier);
}

function engineProblem(layers: Layers, input: { path: string; specifier: string }): string | null {
  const { path, specifier } = input;
  const inEngine = relative(ENGINE, path);
  const folder = inEngine.split('/')[0] ?? '';
  const rule = layers.engine[folder];
  if (!rule) return `the folder ${folder} is not in layers.json`;
  if (specifier.startsWith('.')) {
    const target = relative(ENGINE, join(dirname(path), specifier)).split('/')[0] ?? '';
    return target === folder || !inEngine.includes('/') ? null : 'crossing a folder is written with #folder/file.ts';
  }
  if (specifier.startsWith('#')) return crossingProblem(rule, { folder, target: specifier.slice(1) });
  if (specifier.startsWith('@growthos/contracts/')) return rule.contracts ? null : `${folder} may not import contracts`;
  if (specifier.startsWith('@growthos/')) return 'the engine imports no other package of ours';
  const restricted = layers.only.find((only) => only.npm.includes(packageOf(specifier)));
  return restricted && !restricted.in.includes(folder)
    ? `only ${restricted.in.join(', ')} may import ${restricted.what}`
    : null;
}

function crossingProblem(rule: EngineRule, input: { folder: string; target: string }): string | null {
  const { folder, target } = input;
  const to = target.split('/')[0] ?? '';
  if (to === folder) return 'within a folder the import is relative';
  const isAllowed = rule.may.some(
    (may) => may === '*' || may === to || may === target || (may === '*/index.ts' && target.endsWith('/index.ts')),
  );
  return isAllowed ? null : `${folder} may not import ${to}`;
}

function packageProblem(layers: Layers, input: { path: string; specifier: string }): string | null {
  const { path, specifier } = input;
  const name = Object.keys(layers.packages).find((candidate) => path.startsWith(`${candidate}/`)) ?? '';
  const rule = layers.packages[name];
  if (!rule || specifier.startsWith('.') || specifier.startsWith('#') || specifier.startsWith('node:')) return null;
  const wanted = packageOf(specifier);
  if (wanted.startsWith('@growthos/'))
    return rule.packages.includes(wanted) ? null : `${name} may not import ${wanted}`;
  return rule.npm.includes('*') || rule.npm.includes(wanted) ? null : `${name} may not import ${wanted}`;
}

/** The environment, the clock and chance come in by the door. */
const LAWS: readonly {
  readonly pattern: RegExp;
  readonly allowed: (path: string) => boolean;
  readonly says: string;
}[] = [
  {
    pattern: /\bprocess\.env\b/,
    allowed: (path) => /\/(main|config)\.ts$|\/cli\//.test(path),
    says: 'only main.ts and the commands read the environment',
  },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\s*\)/,
    allowed: (path) => path.includes('/base/'),
    says: 'only base/ reads the clock',
  },
  { pattern: /\bMath\.random\(/, allowed: (path) => path.includes('/base/'), says: 'only base/ asks chance' },
];

function lawProblems(path: string, text: string): string[] {
  const lines = text.split('\n');
  return LAWS.filter((law) => !law.allowed(path)).flatMap((law) =>
    lines.flatMap((line, index) =>
      law.pattern.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line) ? [`${path}:${index + 1} ${law.says}`] : [],
    ),
  );
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const checked = checkLayers(root);
  for (const violation of checked.violations) console.error(violation);
  console.log(`layers: ${checked.files} files, ${checked.imports} imports, ${checked.violations.length} violations`);
  process.exitCode = checked.violations.length > 0 ? 1 : 0;
}
