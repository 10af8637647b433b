/**
 * Segments. In: events of the bus, and the clock. Out: who belongs to which segment, `segment_entered` and `segment_left`
 * once per transition, and the reason why. Consumers and workers may run in several processes.
 */
export { readFilterCatalogue } from './catalogue.ts';
export {
  archiveSegment,
  createSegment,
  insertSegment,
  segmentsUsing,
  updateSegment,
  type NewSegment,
  type SegmentChange,
} from './define.ts';
export { segmentsConsumer } from './evaluate.ts';
export { explainMembership } from './explain.ts';
export { flipsWorker } from './flips.ts';
export { countMembers, previewSegment } from './preview.ts';
export { exportMembers, isInSegment, listMembers, listSegments, readSegment, segmentsOfContact } from './read.ts';
export { recomputeWorker } from './recompute.ts';
export { applySegments, diffSegments, exportSegmentsFile } from './segments-file.ts';
export { fillTemplate, installTemplates, listTemplates } from './templates.ts';
export { forgetMemberships } from './forget-contact.ts';
