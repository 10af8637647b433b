import { createSign } from 'node:crypto';
import { type SnsMessage, signedText } from '#send/reports/providers/sns-signature.ts';

/** Made for these tests alone (`openssl req -x509 -newkey rsa:2048 -nodes -days 36500`): it opens and proves nothing. */
export const SNS_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIDLzCCAhegAwIBAgIURbF2CKT2ZlDiLRbuSEMEMs1RTZ8wDQYJKoZIhvcNAQEL
BQAwJjEkMCIGA1UEAwwbc25zLmFtYXpvbmF3cy5jb20gdGVzdCBvbmx5MCAXDTI2
MTEyNDEwMDYyMloYDzIxMjYxMDMxMTAwNjIyWjAmMSQwIgYDVQQDDBtzbnMuYW1h
em9uYXdzLmNvbSB0ZXN0IG9ubHkwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQCKKkwONh/+rOvndhulpAFKLhTqJuH8paLWXylzV3fnT2Skxq35kDdBmoB5
kDvUEpQH65GylQrh4SPHEw2nICQwbY+kMKO+p7niR2kbjz/UobHH1eY8fVYsXJSS
hRsuTIhlYJjbk51rHHFxlkKEdJO3CNcj/ZcUdfBwpbsJjU25+4xcgnaF4ylaPNIl
O/7SJETecDckAyUbQoxKAqofcQhLaeBAlyzN0DDX3WnuSpguntrPVRcpyFDH/4of
upJYgcQGP0FUryVGhJpnlAU+0OgNmFsQYlyY5768ktjr1fjcfazsHcsF8TzSeI3W
4ZmznXu6Wg82Kb1+WFpaTZH2xkIxAgMBAAGjUzBRMB0GA1UdDgQWBBRs/XK6cvfG
XYSuPsehFxeMKAZcljAfBgNVHSMEGDAWgBRs/XK6cvfGXYSuPsehFxeMKAZcljAP
BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBM+5LiEnsrrJ7zBnED
tutNmBa9H5jYxJxKVsFS3tJNR8kanQwxmqFMCBzCZ1n7a0tldIOLjrgGMtmilK4A
m0Va+uoBRMF1kl+Dn+kf/Bj4ir/UnizWQGIGadcC5wwCYwN8WcCN2vvfULePxAbC
IeHkLO1+JGPQp8wGaKCACnJkbuYVV2eOg4w1ZvZurKUafzknOiGQFfxOyrULlMu/
3eLdbdXEv9VIVXzWkribD2kbbmBKvnff495yXuN5QKpCC9MCx/nUZsaK7ioKFQ5e
3WQXnycc3WL+Juyq2t1sTFBSd2BkreG4VQ5tgyv+K4L6AvAxTCXqls+Hi7WM//9m
oeaX
-----END CERTIFICATE-----
`;
const SNS_KEY = `-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCKKkwONh/+rOvn
dhulpAFKLhTqJuH8paLWXylzV3fnT2Skxq35kDdBmoB5kDvUEpQH65GylQrh4SPH
Ew2nICQwbY+kMKO+p7niR2kbjz/UobHH1eY8fVYsXJSShRsuTIhlYJjbk51rHHFx
lkKEdJO3CNcj/ZcUdfBwpbsJjU25+4xcgnaF4ylaPNIlO/7SJETecDckAyUbQoxK
AqofcQhLaeBAlyzN0DDX3WnuSpguntrPVRcpyFDH/4ofupJYgcQGP0FUryVGhJpn
lAU+0OgNmFsQYlyY5768ktjr1fjcfazsHcsF8TzSeI3W4ZmznXu6Wg82Kb1+WFpa
TZH2xkIxAgMBAAECggEAAXITmWRM1aZIx23+OE+U3Ao1zw+LgVruJHIlXdb06CtL
HT5pwyuUfm0vygXTBcMmKsaMKoCMzHlQSDoSxEnDGIF0StZ08iQxCapvsbmAGcO8
LNV4EHA1yCagVH+hcwywh9IDdhcEwxeujVlngQQIvctRLUfZw7L/tOgGWCwIW7P/
hTpJ49E5PSfGGHH3SyXbS+PB7td7NfH9DWqujNCR5UsVusRAFf+CFGwhYJg3DXo1
C5E7jqKLPOzIqXLYBf/ptYzkystH6f4Nq9ddUR/IJeN47C6LSMMu4fPBBDv53UZ3
6VTbPkD/NDK757gbLNjma6OX/QWPYt0Hvbe7KhroGQKBgQC9T8a90qOpy+rTLL+y
pXdY3qWM3rTFX11ovGv4tAQlOwkJCzRsUPoj/iaNWY5fSOnMw/2fAu+0C7aBZ4Vu
9u/bENkiBpBRMCT0nH4JF9EFfqDondmZn4OWumeA2cC/jV8lcB7Hgo8gsDhKRlTq
kUorYp1lvIMZCs5Bgdu30FJpeQKBgQC61hxbL76ZMLOPmn2bwvcUwahabtc6mU14
xXxyi3jRQdJPllYZE/CrA/p6rs2e6t447BR0o5CnA42mHlwRqM7Df6aM7wxBS5IY
ilBuTeIOdIoJX5WTnfuNZYjkXy3/lNcPFItMVbsipBodKNnhOal4XlPI3sKpVVCY
ZyXAQ7OoeQKBgDLdoY/VbgYsdU8CYguVLAkj4aWFHVs+8XE312b+r3J1d0sHyLEl
3OAY5LDsFDYD+FX9f0LfXhqpXwNMFm0nSnE5CK58xwAZiIR1G+RDkvT//ioiZ5pA
YvH36eGUIJcXXC5J/usqaFynHKjQVvajzSL1H0d7rFnpLlwpkSjFf685AoGAOWbk
6WMe1OPwlvMpGjzpOphRCA+70oYdFjjehjaxlOD7I3aV1ziYHYKoZx7jj6qrQaPO
mRNTsuxVja8QLGDHvaqvWedrxXfZV+7OzUTiafyGGGEkjGjiS0vhpgBUGoz5EeoG
7hn816TBXSoa3qafmZqpdTJzbiEHFPvDznE+dkkCgYAxkFXXv5nbprtVPbD3+LPA
bwbX9K6WElWlmAHFc6rUYwGnCbv5+fuLNWQBuTNrOmnawTJmG2MsfAucdG0nsGp3
pZ19kj5C2XbbeM2f5FBurn9saoDsmnLY5GRaEWwIhRXwfcVIPI5zB4kpM+U2PVpu
wAHV5b2bRydv2+myHWzm7g==
-----END PRIVATE KEY-----
`;

export const SNS_CERTIFICATE_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';

/** A message as SNS posts it, signed by the certificate above. */
export function snsMessage(over: Partial<SnsMessage> & { Message: string }): SnsMessage {
  const unsigned: SnsMessage = {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:eu-west-1:123456789012:ses-feedback',
    Timestamp: '2026-11-24T10:00:00.000Z',
    SignatureVersion: '1',
    Signature: '',
    SigningCertURL: SNS_CERTIFICATE_URL,
    ...over,
  };
  return { ...unsigned, Signature: over.Signature ?? signatureOf(unsigned) };
}

function signatureOf(message: SnsMessage): string {
  const sign = createSign(message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
  return sign.update(signedText(message), 'utf8').sign(SNS_KEY, 'base64');
}
