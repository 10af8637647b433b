/** IANA name of the viewer's time zone: sentences of the server name days in it. */
export const viewerTimezone: string = Intl.DateTimeFormat().resolvedOptions().timeZone;
