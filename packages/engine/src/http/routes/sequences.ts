import type { FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { channelRoutes } from './channels.ts';
import { sendingRoutes } from './sending.ts';
import { definitionRoutes, galleryRoutes, switchRoutes } from './sequence-definitions.ts';
import type { SequenceRouteDeps } from './sequence-parts.ts';
import { rehearsalRoutes } from './sequence-rehearsals.ts';
import { runRoutes } from './sequence-runs.ts';

/** `/api/sequences`: the gallery, sequences and their runs, what is planned, rehearsals, and how messages are sent. */
export function sequenceRoutes(deps: SequenceRouteDeps): FastifyPluginAsync {
  return async (plain) => {
    const app = plain.withTypeProvider<ZodTypeProvider>();
    await app.register(galleryRoutes(deps));
    await app.register(definitionRoutes(deps));
    await app.register(switchRoutes(deps));
    await app.register(runRoutes(deps));
    await app.register(rehearsalRoutes(deps));
    await app.register(sendingRoutes(deps));
    await app.register(channelRoutes(deps));
  };
}
