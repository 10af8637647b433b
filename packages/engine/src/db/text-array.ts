const TEXT_OID = 25;
const HEADER_BYTES = 20;
const NULL_LENGTH = -1;

/**
 * Texts, or their bytes in UTF-8, as a parameter of type `text[]` on a hot path. A server is sent PostgreSQL's binary form,
 * so that long texts are neither escaped here nor parsed there: a fifth of the processor's work per event. The embedded
 * database, whose driver knows texts only, is sent those.
 */
export class TextArray {
  readonly #texts: readonly (string | Buffer | null)[];

  constructor(texts: readonly (string | Buffer | null)[]) {
    this.#texts = texts;
  }

  toTexts(): (string | null)[] {
    return this.#texts.map((text) => (text === null ? null : text.toString()));
  }

  /** Source: PostgreSQL src/backend/utils/adt/arrayfuncs.c, array_send. */
  toBinary(): Buffer {
    const texts = this.#texts;
    const lengths = texts.map((text) =>
      text === null ? NULL_LENGTH : typeof text === 'string' ? Buffer.byteLength(text) : text.length,
    );
    const buffer = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), HEADER_BYTES));
    // Dimensions, whether there are nulls, the elements' type, the size of the one dimension, its lower bound.
    const header = [1, lengths.includes(NULL_LENGTH) ? 1 : 0, TEXT_OID, texts.length, 1];
    for (const [nth, word] of header.entries()) buffer.writeInt32BE(word, nth * 4);
    let at = HEADER_BYTES;
    for (const [nth, text] of texts.entries()) {
      const length = lengths[nth] ?? NULL_LENGTH;
      at = buffer.writeInt32BE(length, at);
      if (text === null) continue;
      if (typeof text === 'string') buffer.write(text, at, length, 'utf8');
      else text.copy(buffer, at);
      at += length;
    }
    return buffer;
  }
}
