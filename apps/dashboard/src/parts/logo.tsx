import { Link } from '@tanstack/react-router';

export function Logo() {
  return (
    <Link to="/" className="inline-flex min-h-9 items-center gap-2 text-base font-semibold tracking-tight">
      <img src="/favicon.svg" alt="" width={24} height={24} />
      GrowthOS
    </Link>
  );
}
