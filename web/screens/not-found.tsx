/** An address nothing lives at. */
import { Empty, Link } from '../parts/basics.tsx';

export function NotFoundScreen() {
  return <Empty icon="search" title="There is nothing here" action={<Link to="/" className="button button-primary"><span>Go home</span></Link>}>The address may be old, or was typed by hand.</Empty>;
}
