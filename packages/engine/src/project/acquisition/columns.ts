import type { ContactPatch } from '../contacts/patch-contacts.ts';
import { channelOf, type ChannelRule } from './channel.ts';
import { domainOf, type Touch } from './touch.ts';

/** Of a contact of which no first touch is known. */
export const NO_TOUCH: ContactPatch['set'] = {
  first_touch: null,
  first_utm_source: null,
  first_utm_medium: null,
  first_utm_campaign: null,
  first_referrer_domain: null,
  acquisition_channel: null,
};

/** Everything of a contact that follows from its first touch. */
export function touchColumns(touch: Touch, channels: readonly ChannelRule[]): ContactPatch['set'] {
  return {
    first_touch: { ...touch },
    first_utm_source: touch.source,
    first_utm_medium: touch.medium,
    first_utm_campaign: touch.campaign,
    first_referrer_domain: domainOf(touch.referrer),
    acquisition_channel: channelOf(touch, channels),
  };
}
