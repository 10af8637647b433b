/** What counts as engagement: the whole definition, visible and editable. Stored in `workspace.settings.engagement`. */
import { z } from 'zod';

const weight = z.number().min(0).max(100);

export const EngagementSettingsSchema = z.strictObject({
  halfLifeDays: z.number().min(0.5).max(365).default(14).meta({
    title: 'Half-life, days',
    description: 'After so many days an event counts half, after twice as many a quarter, and so on.',
  }),
  eventWeights: z.record(z.string().trim().min(1).max(200), weight).default({}).meta({
    title: 'Points of single events',
    description: 'What an event of this name adds; 0 leaves it out. Capitals, spaces and underscores are all the same.',
  }),
  trackPoints: weight.default(1).meta({ title: 'Points of any other event', description: 'What a track event adds.' }),
  pagePoints: weight.default(0.2).meta({ title: 'Points of a page view', description: 'What a page or screen adds.' }),
  percentilesFromPeople: z.number().int().min(2).max(10_000).default(20).meta({
    title: 'People needed for percentiles',
    description: 'With fewer active people than this, scores follow the fixed scale below instead of comparing people.',
  }),
  fullScorePoints: z.number().min(1).max(100_000).default(40).meta({
    title: 'Points of a full score',
    description: 'On the fixed scale: so many points score 100, half of them 50.',
  }),
  quietBelowPoints: z.number().min(0.001).max(1_000).default(0.25).meta({
    title: 'Quiet below, points',
    description: 'Whoever has fewer points left scores 0 and is not compared with.',
  }),
  highFromScore: z.number().int().min(1).max(100).default(70).meta({
    title: 'High from',
    description: 'The score from which on engagement is called high: 70 means the top 30 per cent.',
  }),
  lowBelowScore: z.number().int().min(0).max(99).default(30).meta({
    title: 'Low below',
    description: 'The score below which engagement is called low.',
  }),
});
export type EngagementSettings = z.infer<typeof EngagementSettingsSchema>;

export const DEFAULT_ENGAGEMENT = EngagementSettingsSchema.parse({});

/** The settings as stored, or the defaults where there are none; a stored value that no longer fits is not used. */
export function readEngagementSettings(stored: unknown): EngagementSettings {
  const parsed = EngagementSettingsSchema.safeParse(stored ?? {});
  return parsed.success ? parsed.data : DEFAULT_ENGAGEMENT;
}

/** Event names are compared without case, spaces, dashes and underscores: "NPS Submitted" is `nps_submitted`. */
export function foldEventName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, '');
}

/** The definition in sentences, for the page that shows it. */
export function describeEngagement(settings: EngagementSettings): string[] {
  const single = Object.entries(settings.eventWeights).map(([name, points]) => `${name} ${points}`);
  return [
    `Every event adds points: ${[...single, `any other event ${settings.trackPoints}`, `a page view ${settings.pagePoints}`].join(', ')}.`,
    `Points halve every ${settings.halfLifeDays} days.`,
    `The score is the share of active people with fewer points. Below ${settings.percentilesFromPeople} active people it is ` +
      `points out of ${settings.fullScorePoints}.`,
    `With fewer than ${settings.quietBelowPoints} points left the score is 0. Without any product data there is no score.`,
    `High is ${settings.highFromScore} and above, low is below ${settings.lowBelowScore}.`,
  ];
}
