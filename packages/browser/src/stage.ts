/**
 * What is on the page: a shadow root of its own, so that neither side's styles reach the other. One banner, one card and
 * one dialog at a time; the others wait. Works under a strict CSP: constructable style sheets, no markup from strings.
 * Accessible: only the dialog takes the focus; banner and card are regions, told once by a polite live region.
 */
import type { InAppMessage, InAppOutcome } from '@growthos/contracts/http/in-app.ts';
import { celebrate } from './celebrate.ts';
import { buildNudge, type Labels, type Nudge } from './nudge.ts';
import { STYLES } from './styles.ts';

/** Resolves to whether the outcome was new to the server. */
export type Report = (messageId: string, outcome: InAppOutcome) => Promise<boolean>;

export interface StageInput {
  readonly nonce: string;
  readonly labels: Partial<Labels>;
  readonly theme: 'auto' | 'light' | 'dark';
  readonly confettiUrl: string;
}

type Place = 'banner' | 'card' | 'dialog';

const isCelebration = (message: InAppMessage): boolean => message.style === 'confetti';
const placeOf = (message: InAppMessage): Place => (message.style === 'confetti' ? 'card' : message.style);

export class Stage {
  readonly #input: StageInput;
  readonly #labels: Labels;
  readonly #shown = new Map<Place, { message: InAppMessage; nudge: Nudge }>();
  /** Dealt with on this page: not shown again although an older list may still hold it. */
  readonly #done = new Set<string>();
  #waiting: readonly InAppMessage[] = [];
  #report: Report = async () => false;
  #root: ShadowRoot | undefined;
  #live: HTMLElement | undefined;

  constructor(input: StageInput) {
    this.#input = input;
    this.#labels = { dismiss: 'Dismiss', later: 'Later', ...input.labels };
  }

  setReport(report: Report): void {
    this.#report = report;
  }

  /** The whole list of what may be shown now; what is on the page and not in it goes. */
  show(messages: readonly InAppMessage[]): void {
    this.#waiting = messages;
    const listed = new Set(messages.map((message) => message.id));
    for (const [place, { message }] of this.#shown) {
      // A celebration leaves the list by being shown; it stays until the person puts it away.
      if (!listed.has(message.id) && !isCelebration(message)) this.#take(place);
    }
    this.#fill();
  }

  /** Another tab has dealt with it. */
  drop(messageId: string): void {
    this.#done.add(messageId);
    for (const [place, { message }] of this.#shown) if (message.id === messageId) this.#take(place);
    this.#fill();
  }

  clear(): void {
    this.#waiting = [];
    for (const place of this.#shown.keys()) this.#take(place);
  }

  #fill(): void {
    for (const message of this.#waiting) {
      const current = this.#shown.get(placeOf(message));
      if (this.#done.has(message.id) || current?.message.id === message.id) continue;
      if (isCelebration(message)) void this.#celebrate(message);
      else if (!current) {
        this.#put(message);
        void this.#report(message.id, 'shown');
      }
    }
  }

  /** Two tabs may be told of one upgrade: the server says which of them celebrates. */
  async #celebrate(message: InAppMessage): Promise<void> {
    this.#done.add(message.id);
    if (!(await this.#report(message.id, 'shown'))) return;
    this.#done.delete(message.id);
    this.#take('card');
    const root = this.#put(message);
    await celebrate(root, { url: this.#input.confettiUrl });
  }

  #put(message: InAppMessage): ShadowRoot {
    this.#root ??= attach(this.#input);
    this.#live ??= addLive(this.#root);
    const place = placeOf(message);
    const nudge = buildNudge({
      message,
      labels: this.#labels,
      onEnd: (outcome) => {
        if (this.#done.has(message.id)) return;
        this.#done.add(message.id);
        void this.#report(message.id, outcome);
        this.#take(place);
        this.#fill();
      },
    });
    this.#root.append(nudge.element);
    this.#shown.set(place, { message, nudge });
    nudge.open();
    if (place === 'banner') makeRoomFor(nudge.element);
    if (place !== 'dialog') this.#live.textContent = [message.title, message.body].filter(Boolean).join('. ');
    return this.#root;
  }

  #take(place: Place): void {
    this.#shown.get(place)?.nudge.remove();
    this.#shown.delete(place);
    if (this.#live) this.#live.textContent = '';
  }
}

/** Moves the page down by the banner's height, so that it does not lie on the page's own header; gone with the banner. */
function makeRoomFor(banner: HTMLElement): void {
  const { style } = document.documentElement;
  const before = style.marginTop;
  const observer = new ResizeObserver(() => {
    style.marginTop = banner.isConnected ? `${banner.offsetHeight}px` : before;
    if (!banner.isConnected) observer.disconnect();
  });
  observer.observe(banner);
}

function attach(input: StageInput): ShadowRoot {
  const host = document.createElement('growthos-nudges');
  host.dataset['theme'] = input.theme;
  const root = host.attachShadow({ mode: 'open' });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement('style');
    style.nonce = input.nonce;
    style.textContent = STYLES;
    root.append(style);
  }
  document.body.append(host);
  return root;
}

/** There from the start and empty, so that what is written into it later is a change, which is what is read out. */
function addLive(root: ShadowRoot): HTMLElement {
  const live = document.createElement('div');
  live.className = 'live';
  live.setAttribute('role', 'status');
  root.append(live);
  return live;
}
