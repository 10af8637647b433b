const WORDS: Readonly<Record<string, string>> = {
  hard_bounce: 'mail to it came back',
  soft_bounces: 'mail to it kept coming back',
  complaint: 'it was reported as spam',
  person: 'somebody here blocked it',
};

/** Why an address is blocked, as a part of a sentence: "the address is blocked, because mail to it came back". */
export function suppressedWords(reason: string): string {
  return WORDS[reason] ?? 'it is blocked';
}
