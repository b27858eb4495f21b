// At each opening of the app: notifications that are answered by it go, and this phone's subscription is looked after.
import { check, registered } from "./pushing.mjs";

const KEY = "neap-opened"; // once for each time that the app is opened, not for each page

export default async function opening() {
  const registration = await registered();
  // One that comes while this page opens stays.
  const isOld = ({ data }) => !(data?.at >= performance.timeOrigin);
  for (const shown of ((await registration?.getNotifications?.()) ?? []).filter(isOld)) shown.close();
  if (sessionStorage.getItem(KEY)) return;
  sessionStorage.setItem(KEY, "1");
  await check().catch(() => {});
}
