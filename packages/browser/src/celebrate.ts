/** Longest that the canvas stays, milliseconds, whatever the animation does. */
const CANVAS_MS_MAX = 4_000;

interface ConfettiModule {
  readonly burst: (canvas: HTMLCanvasElement) => Promise<unknown>;
}

/**
 * One burst of confetti over the page, from a file that is only fetched now. The canvas is seen by nobody but the eye, lets
 * clicks through and is taken away after. With reduced motion nothing moves: the badge on the card is the celebration.
 */
export async function celebrate(root: ShadowRoot, input: { url: string }): Promise<void> {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  const timer = setTimeout(() => canvas.remove(), CANVAS_MS_MAX);
  try {
    const { burst } = (await import(input.url)) as ConfettiModule;
    root.append(canvas);
    await burst(canvas);
  } catch {
    // Without the file there is no confetti; the card says it all the same.
  } finally {
    clearTimeout(timer);
    canvas.remove();
  }
}
