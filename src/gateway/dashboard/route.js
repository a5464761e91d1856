// The address after the hash: `#/` is the list, `#/tasks/<id>` a task.

export const taskHash = (id) => `#/tasks/${encodeURIComponent(id)}`;

export function route() {
  const [, noun, id] = location.hash.split("/");
  return noun === "tasks" && id ? { name: "task", id: decodeURIComponent(id) } : { name: "list" };
}
