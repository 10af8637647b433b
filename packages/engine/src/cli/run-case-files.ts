/** Runs every case of every file and reports. Returns the exit code: 0 only if all files were readable and all passed. */
import { readFileSync } from 'node:fs';
import { type CaseRecord, CaseFormatError, type Mismatch } from '#project/index.ts';

interface CaseRun {
  readonly command: string;
  readonly files: readonly string[];
  readonly check: (given: CaseRecord) => readonly Mismatch[];
}

export function runCaseFiles(run: CaseRun): 0 | 1 {
  if (run.files.length === 0) {
    console.error(`Name a file of cases: npm run -s ${run.command} -- FILE`);
    return 1;
  }
  let passed = 0;
  let failed = 0;
  let isReadable = true;
  for (const file of run.files) {
    const cases = readCases(file);
    if (cases === null) isReadable = false;
    for (const [index, given] of (cases ?? []).entries()) {
      if (runCase(run, { given, index })) passed += 1;
      else failed += 1;
    }
  }
  if (isReadable && passed + failed === 0) console.error('There is no case in what you named');
  console.log(`${passed} passed, ${failed} failed`);
  return isReadable && failed === 0 && passed > 0 ? 0 : 1;
}

/** A list of cases, or an object with a list under `cases`. */
function readCases(file: string): readonly unknown[] | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (Array.isArray(content)) return content;
    if (isRecord(content) && Array.isArray(content['cases'])) return content['cases'];
    console.error(`${file}: not a list of cases`);
  } catch (error) {
    console.error(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  return null;
}

function runCase({ check }: CaseRun, { given, index }: { readonly given: unknown; readonly index: number }): boolean {
  if (!isRecord(given)) {
    console.log(`case ${index + 1}: not an object`);
    return false;
  }
  const id = typeof given['id'] === 'string' ? given['id'] : `case ${index + 1}`;
  try {
    const mismatches = check(given);
    for (const { field, expected, got } of mismatches) {
      console.log(`${id} ${field}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
    }
    return mismatches.length === 0;
  } catch (error) {
    const reason = error instanceof CaseFormatError ? error.message : `stopped with an error: ${String(error)}`;
    console.log(`${id} ${reason}`);
    return false;
  }
}

function isRecord(value: unknown): value is CaseRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
