/** A title whose blanks are not filled in yet, as a person reads it: "Your trial expires {{ … }}" is "Your trial expires …". */
export const plainWords = (title: string): string =>
  title
    .replaceAll(/\{%.*?%\}/g, '')
    .replaceAll(/\{\{.*?\}\}/g, '…')
    .replaceAll(/\s{2,}/g, ' ');
