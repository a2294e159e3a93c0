// A certified OpenID provider, with three people and one client that must use PKCE.
// Arguments: where people are sent back to, signed in and signed out. Ends with its input.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [back, home] = process.argv.slice(2);
const groups = { ada: ["admins"], grace: ["team", "elsewhere"], eve: ["elsewhere"] };

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "jevons",
        client_secret: "a secret/with:odd characters",
        redirect_uris: [back],
        post_logout_redirect_uris: [home],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "profile", "groups"],
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the test`, groups: groups[id] ?? [] }),
    }),
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.on("end", () => process.exit()).resume();
