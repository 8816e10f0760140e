// Nothing to assume: the next requests are signed with the credentials as they are.
if (!pm.environment.get("roleArn")) {
    pm.execution.skipRequest();
}
["roleAccessKeyId", "roleSecretAccessKey", "roleSessionToken"].forEach((name) => pm.environment.unset(name));
