/** The file that is fetched for a celebration only. No worker: a blob worker breaks under a strict CSP. */
import { create } from 'canvas-confetti';

export async function burst(canvas: HTMLCanvasElement): Promise<void> {
  const fire = create(canvas, { resize: true, useWorker: false, disableForReducedMotion: true });
  const shared = { startVelocity: 46, ticks: 170, gravity: 1.1, scalar: 1, disableForReducedMotion: true };
  await Promise.all([
    fire({ ...shared, particleCount: 90, spread: 75, angle: 60, origin: { x: 0, y: 0.85 } }),
    fire({ ...shared, particleCount: 90, spread: 75, angle: 120, origin: { x: 1, y: 0.85 } }),
  ]);
}
