/** Header fields of a block of text, names in small letters; folded lines are joined. Source: RFC 5322, section 2.2. */
export type HeaderFields = ReadonlyMap<string, string>;

export function headerFields(block: string): HeaderFields {
  const unfolded = block.replaceAll(/\r?\n[ \t]+/g, ' ');
  const fields = new Map<string, string>();
  for (const line of unfolded.split(/\r?\n/)) {
    // The first empty line ends a header; before it nothing but fields.
    if (line.trim() === '') {
      if (fields.size > 0) break;
      continue;
    }
    const match = /^([!-9;-~]+)[ \t]*:[ \t]*(.*)$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name !== undefined && !fields.has(name)) fields.set(name, (match?.[2] ?? '').trim());
  }
  return fields;
}

/** The groups of fields that empty lines part, as a delivery report has them: one of the mail, one of each recipient. */
export function fieldGroups(text: string): HeaderFields[] {
  return text
    .split(/\r?\n[ \t]*\r?\n/)
    .map(headerFields)
    .filter((fields) => fields.size > 0);
}
