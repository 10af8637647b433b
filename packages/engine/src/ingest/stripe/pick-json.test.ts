import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENVELOPE_SHAPE, readEventEnvelope } from './event-envelope.ts';
import { jsonShape, pickJson, VALUE, type JsonShape } from './pick-json.ts';

/** What `pickJson` promises, by way of `JSON.parse`. */
function parseAndPick(text: string, shape: JsonShape): unknown {
  const restrict = (value: unknown, of: JsonShape): unknown => {
    if (Array.isArray(value)) return [];
    if (value === null || typeof value !== 'object') return value;
    const given = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      of
        .filter(({ name }) => Object.hasOwn(given, name))
        .map(({ name, shape: inner }) => [name, restrict(given[name], inner)]),
    );
  };
  return restrict(JSON.parse(text), shape);
}

/** The outcome of either, so that refusals can be compared too. */
function attempt(read: () => unknown): { value: unknown } | 'refused' {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof SyntaxError) return 'refused';
    throw error;
  }
}

function same(text: string, shape: JsonShape = ENVELOPE_SHAPE): void {
  // Through bytes on both sides: half a surrogate pair has none.
  const bytes = Buffer.from(text);
  expect(attempt(() => pickJson(bytes, shape))).toEqual(attempt(() => parseAndPick(bytes.toString('utf8'), shape)));
}

const inner = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'grapheme' }));
const subject = fc.record(
  { object: inner, id: inner, customer: fc.oneof(inner, fc.record({ id: inner, name: inner })), lines: inner },
  { requiredKeys: [] },
);
const event = fc.record(
  {
    id: inner,
    type: inner,
    created: fc.oneof(inner, fc.double()),
    livemode: inner,
    account: inner,
    context: inner,
    data: fc.oneof(inner, fc.record({ object: fc.oneof(inner, subject), previous_attributes: inner })),
    related_object: fc.oneof(inner, subject),
    request: inner,
  },
  { requiredKeys: [] },
);
const indent = fc.constantFrom(0, 1, 2, '\t', '\r\n ');

describe('picking fields out of JSON', () => {
  test('gives what JSON.parse gives, less the rest', () => {
    fc.assert(
      fc.property(event, indent, (value, blanks) => {
        same(JSON.stringify(value, null, blanks));
        expect(readEventEnvelopeOr(() => pickJson(Buffer.from(JSON.stringify(value)), ENVELOPE_SHAPE))).toEqual(
          readEventEnvelopeOr(() => JSON.parse(JSON.stringify(value))),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test('refuses what JSON.parse refuses: anything cut off, changed or put in', () => {
    const letters = fc.constantFrom(...'{}[]:,"\\ \n\t0123456789.eE+-truefalsn/u\u0000\u001fé'.split(''));
    fc.assert(
      fc.property(event, fc.nat(), fc.nat(3), letters, (value, where, removed, letter) => {
        const text = JSON.stringify(value);
        const at = where % (text.length + 1);
        same(text.slice(0, at));
        same(text.slice(0, at) + letter + text.slice(at + removed));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    [
      '',
      ' ',
      'nul',
      '01',
      '-',
      '1.',
      '1e',
      '.5',
      '+1',
      '"\\x"',
      '"\\u12g4"',
      '[1,]',
      '{"a":1,}',
      '{,}',
      '{"a"}',
      '[1 2]',
    ],
    [
      'tru',
      'truex',
      '"',
      '"\\',
      '"\\u',
      '{}{}',
      '[]]',
      '"\t"',
      '\u{feff}{}',
      '{"a":[{"b":}]}',
      "{'a':1}",
      '1 1',
      '-01',
    ],
    ['0', '-0', '1e5', '1E-5', ' [ ] ', ' { } ', 'null', '"\\u00e9\\/"', '{"":{"":[]}}', '1.25e+3', '[[],{}]', '"é😀"'],
  ])('agrees at the edges of the grammar', (...texts) => {
    for (const text of texts) {
      same(text);
      same(`{"data":{"object":${text}},"id":${text}}`);
    }
  });

  test('a name may be written with escapes, and the last of two is kept', () => {
    same(
      '{"\\u0069d":"evt_1","type":"a","type":"b","data":{"object":{"id":1}},"data":{"object":{"customer":"cus_1"}}}',
    );
    same('{"__proto__":1,"id":"a"}', jsonShape({ id: VALUE, __proto: VALUE }));
  });

  test('nests as deeply as it likes', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    expect(pickJson(Buffer.from(`{"data":${deep},"id":"evt_1"}`), ENVELOPE_SHAPE)).toEqual({ data: [], id: 'evt_1' });
    expect(() => pickJson(Buffer.from(`{"data":${deep}],"id":"evt_1"}`), ENVELOPE_SHAPE)).toThrow(SyntaxError);
  });
});

function readEventEnvelopeOr(read: () => unknown): unknown {
  try {
    return readEventEnvelope(read());
  } catch (error) {
    return String(error);
  }
}
