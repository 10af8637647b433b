/**
 * Liquid as we allow it: strict, so that a value that is missing blocks the message unless it has a `default`; no access
 * to files, prototypes or other templates; bounded in time and size. Everything is rendered as plain text; what goes into
 * HTML is escaped afterwards, all of it, so a name can never carry markup.
 */
import { Liquid, type Template } from 'liquidjs';
import { formatLocal, localDay } from '#base/local-time.ts';
import { parseInstant } from '#base/clock.ts';
import { moneyWords } from './money-words.ts';

export class TemplateError extends Error {
  /** For a person: what is wrong in the template. */
  readonly sentence: string;
  readonly reason: 'template_broken' | 'value_missing';
  constructor(reason: TemplateError['reason'], input: { sentence: string; cause: unknown }) {
    super(input.sentence, { cause: input.cause });
    this.reason = reason;
    this.sentence = input.sentence;
  }
}

const RENDER_MS_MAX = 250;
const MEMORY_MAX = 2_000_000;
const SOURCE_LENGTH_MAX = 20_000;

export interface RenderTime {
  readonly now: Date;
  readonly zone: string;
}

/** What templates may read. Null values are left out, so that Liquid sees them as missing. */
export type Scope = Readonly<Record<string, unknown>> & { readonly time: RenderTime };

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  lenientIf: true,
  ownPropertyOnly: true,
  templates: {},
  relativeReference: false,
  parseLimit: SOURCE_LENGTH_MAX,
  renderLimit: RENDER_MS_MAX,
  memoryLimit: MEMORY_MAX,
});

engine.registerFilter('money', (amount: unknown, currency: unknown) => moneyWords(amount, currency));
engine.registerFilter('first_name', (name: unknown) =>
  typeof name === 'string' ? (name.trim().split(/\s+/)[0] ?? '') : '',
);
engine.registerFilter('day', function (value: unknown) {
  const date = dateOf(value);
  return date === null ? '' : localDay(date, timeOf(this).zone);
});
engine.registerFilter('date_format', function (value: unknown, format: unknown) {
  const date = dateOf(value);
  return date === null ? '' : formatLocal(date, { zone: timeOf(this).zone, format: String(format) });
});
/** "in 3 days", "tomorrow", "today": whole days that begin, so 61 hours are 3 days. */
engine.registerFilter('in_days', function (value: unknown) {
  const date = dateOf(value);
  if (date === null) return '';
  const days = Math.ceil((date.getTime() - timeOf(this).now.getTime()) / 86_400_000);
  if (days <= 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
});

function timeOf(filter: { context: { getSync(path: string[]): unknown } }): RenderTime {
  return filter.context.getSync(['time']) as RenderTime;
}

function dateOf(value: unknown): Date | null {
  if (value instanceof Date) return value;
  return typeof value === 'string' ? parseInstant(value) : null;
}

const CACHE_MAX = 1_000;
const parsed = new Map<string, Template[]>();

/** @throws TemplateError with a sentence that names the place. */
export function parseTemplate(source: string): Template[] {
  const known = parsed.get(source);
  if (known) return known;
  try {
    const template = engine.parse(source);
    const oldest = parsed.size >= CACHE_MAX ? parsed.keys().next().value : undefined;
    if (oldest !== undefined) parsed.delete(oldest);
    parsed.set(source, template);
    return template;
  } catch (error) {
    throw new TemplateError('template_broken', {
      sentence: `The text is not valid Liquid: ${firstLine(error)}`,
      cause: error,
    });
  }
}

/** @throws TemplateError where a value is missing or the template is broken. */
export function renderText(source: string, scope: Scope): string {
  const template = parseTemplate(source);
  try {
    return String(engine.renderSync(template, { ...scope }));
  } catch (error) {
    const line = firstLine(error);
    const missing = /undefined variable: ([\w.[\]"']+)/.exec(line)?.[1];
    if (missing !== undefined) {
      const sentence = `${missing} is not known of this contact, and the text has no default for it.`;
      throw new TemplateError('value_missing', { sentence, cause: error });
    }
    throw new TemplateError('template_broken', { sentence: `The text cannot be filled in: ${line}`, cause: error });
  }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? 'unreadable') : 'unreadable';
}
