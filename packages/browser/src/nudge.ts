import type { InAppMessage, InAppOutcome } from '@growthos/contracts/http/in-app.ts';

export interface Labels {
  readonly dismiss: string;
  readonly later: string;
}

interface NudgeInput {
  readonly message: InAppMessage;
  readonly labels: Labels;
  /** Called once, with what the person did. */
  readonly onEnd: (outcome: InAppOutcome) => void;
}

export interface Nudge {
  readonly element: HTMLElement;
  open(): void;
  /** Takes it off the page; the focus goes back to where it was, if it was inside. */
  remove(): void;
}

let next = 1;

/** Builds the element of one nudge, not yet on the page. */
export function buildNudge(input: NudgeInput): Nudge {
  const { message, labels, onEnd } = input;
  const isDialog = message.style === 'dialog';
  const element = make(
    isDialog ? 'dialog' : 'section',
    message.style === 'confetti' ? 'card celebration' : message.style,
  );
  const titleId = `title-${next++}`;
  element.setAttribute('aria-labelledby', titleId);

  const title = make('h2', '', message.title);
  title.id = titleId;
  const text = make('div', 'text');
  text.append(title);
  if (message.body !== '') text.append(make('p', '', message.body));
  if (message.style === 'confetti') element.append(badge());
  element.append(text, actions({ message, labels, onEnd }));

  const close = button('close', '', () => onEnd('dismissed'));
  close.setAttribute('aria-label', labels.dismiss);
  close.append(cross());
  element.append(close);

  let before: Element | null = null;
  if (isDialog && element instanceof HTMLDialogElement) {
    title.tabIndex = -1;
    title.autofocus = true;
    element.addEventListener('cancel', (event) => {
      event.preventDefault();
      onEnd('dismissed');
    });
  } else {
    // Escape puts it away only while the focus is inside: elsewhere the key is the page's own.
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onEnd('dismissed');
    });
    element.addEventListener('focusin', (event) => {
      if (event.relatedTarget instanceof Element && !element.contains(event.relatedTarget))
        before = event.relatedTarget;
    });
  }
  return {
    element,
    open() {
      if (element instanceof HTMLDialogElement) element.showModal();
    },
    remove() {
      const hadFocus = element.matches(':focus-within');
      if (element instanceof HTMLDialogElement) element.close();
      element.remove();
      if (hadFocus && before instanceof HTMLElement && before.isConnected) before.focus();
    },
  };
}

function actions(input: NudgeInput): HTMLElement {
  const { message, labels, onEnd } = input;
  const row = make('div', 'actions');
  if (message.cta && /^https?:\/\//i.test(message.cta.url)) {
    const link = document.createElement('a');
    link.className = 'primary';
    link.href = message.cta.url;
    link.rel = 'noopener';
    link.textContent = message.cta.label;
    link.addEventListener('click', () => onEnd('clicked'));
    row.append(link);
  }
  if (message.canSnooze) row.append(button('quiet', labels.later, () => onEnd('snoozed')));
  return row;
}

function make(tag: string, className: string, text = ''): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}

function button(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = className;
  element.textContent = text;
  element.addEventListener('click', onClick);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

function drawing(className: string, paths: readonly string[]): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', className);
  svg.setAttribute('aria-hidden', 'true');
  for (const d of paths) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

const cross = (): SVGElement => drawing('cross', ['M6 6l12 12M18 6L6 18']);
/** A star in a seal: what a celebration has instead of, or besides, the confetti. */
const badge = (): SVGElement =>
  drawing('badge', ['M12 3l2.6 5.6 6 .7-4.4 4.2 1.2 6L12 16.5 6.600 19.500l1.200-6L3.400 9.300l6-.7z']);
