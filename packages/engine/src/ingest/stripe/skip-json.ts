/**
 * Steps over JSON in UTF-8 bytes, checking every byte and building nothing. In: the bytes and where something begins;
 * out: where it ends. All throw SyntaxError where `JSON.parse` would. Positions are passed and returned, and the value
 * is walked with a stack of its own, because that is three times as fast as an object that reads itself by recursion.
 */

/** The bytes that JSON is made of. */
export const JSON_BYTE = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

const { quote, comma, colon, openArray, backslash, closeArray, openObject, closeObject } = JSON_BYTE;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LOWER_A = 0x61;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_U = 0x75;
const CASE_BIT = 0x20;

const WORDS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));

/** 1 for a byte that a string may hold as it is. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte !== quote && byte !== backslash ? 1 : 0,
);
/** 1 for a byte that may stand after a backslash by itself. */
const IS_ESCAPE = tableOf('"\\/bfnrt');
const IS_BLANK = tableOf(' \t\n\r');

function tableOf(letters: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (letters.includes(String.fromCharCode(byte)) ? 1 : 0));
}

export function noJson(at: number): SyntaxError {
  return new SyntaxError(`no JSON at byte ${at}`);
}

export function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes[at] as number) <= SPACE && IS_BLANK[bytes[at] as number] === 1) at += 1;
  return at;
}

/** What closes each level that is open, for whoever steps over a value just now; as long as the deepest that ever came. */
const closers: number[] = [];

/** One value, with blanks before it. */
export function skipValue(bytes: Uint8Array, from: number): number {
  let at = skipBlanks(bytes, from);
  if (bytes[at] !== openObject && bytes[at] !== openArray) return skipScalar(bytes, at);
  let depth = 0;
  for (;;) {
    at = skipBlanks(bytes, at);
    const first = bytes[at];
    const closer = first === openObject ? closeObject : first === openArray ? closeArray : 0;
    if (closer === 0) {
      at = skipScalar(bytes, at);
    } else {
      at = skipBlanks(bytes, at + 1);
      if (bytes[at] !== closer) {
        closers[depth++] = closer;
        if (closer === closeObject) at = skipName(bytes, at);
        continue;
      }
      at += 1;
    }
    for (;;) {
      if (depth === 0) return at;
      at = skipBlanks(bytes, at);
      const byte = bytes[at++];
      if (byte === comma) {
        if (closers[depth - 1] === closeObject) at = skipName(bytes, at);
        break;
      }
      if (byte !== closers[depth - 1]) throw noJson(at - 1);
      depth -= 1;
    }
  }
}

/** A string, with its quotes. */
export function skipString(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== quote) throw noJson(from);
  let at = from + 1;
  for (;;) {
    while (IS_PLAIN[bytes[at] as number] === 1) at += 1;
    if (bytes[at] === quote) return at + 1;
    if (bytes[at] !== backslash) throw noJson(at);
    at = skipEscape(bytes, at + 1);
  }
}

/** A name with blanks around it, and its colon. */
function skipName(bytes: Uint8Array, from: number): number {
  const at = skipBlanks(bytes, skipString(bytes, skipBlanks(bytes, from)));
  if (bytes[at] !== colon) throw noJson(at);
  return at + 1;
}

function skipEscape(bytes: Uint8Array, from: number): number {
  const letter = bytes[from] as number;
  if (IS_ESCAPE[letter] === 1) return from + 1;
  const end = from + 5;
  if (letter !== LOWER_U) throw noJson(from);
  for (let at = from + 1; at < end; at++) if (!isHexDigit(bytes[at])) throw noJson(at);
  return end;
}

function skipScalar(bytes: Uint8Array, from: number): number {
  const first = bytes[from] as number;
  if (first === quote) return skipString(bytes, from);
  const word = WORDS.get(first);
  if (word === undefined) return skipNumber(bytes, from);
  for (let nth = 1; nth < word.length; nth++) if (bytes[from + nth] !== word[nth]) throw noJson(from + nth);
  return from + word.length;
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  at = bytes[at] === DIGIT_0 ? at + 1 : skipDigits(bytes, at);
  if (bytes[at] === DOT) at = skipDigits(bytes, at + 1);
  if (((bytes[at] ?? 0) | CASE_BIT) !== LOWER_E) return at;
  at += 1;
  return skipDigits(bytes, bytes[at] === PLUS || bytes[at] === MINUS ? at + 1 : at);
}

/** One or more. */
function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  if (at === from) throw noJson(at);
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | CASE_BIT;
  return isDigit(byte) || (letter >= LOWER_A && letter <= LOWER_F);
}
