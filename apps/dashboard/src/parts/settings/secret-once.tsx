import { CopyButton } from '../../design/copy-button.tsx';
import { Notice } from '../../design/notice.tsx';

/** Something that is shown once and kept nowhere in the clear. */
export function SecretOnce({ title, secret }: { title: string; secret: string }) {
  return (
    <div role="status" className="mt-3">
      <Notice tone="good" action={<CopyButton text={secret} what={title.toLowerCase()} />}>
        <p className="font-semibold">{title}: copy it now, it is shown only once.</p>
        <code className="font-mono text-xs break-all">{secret}</code>
      </Notice>
    </div>
  );
}
