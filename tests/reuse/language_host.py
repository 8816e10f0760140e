"""Stands in for Pulumi's Python language host where only `pulumi new` asks it: it installs no dependencies."""

import contextlib
from collections.abc import Iterator
from concurrent import futures

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers what the CLI asks between writing a project and saying that it is ready."""

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: ARG002, N802
        """The version."""
        return plugin_pb2.PluginInfo(version="3.0.0")

    def RuntimeOptionsPrompts(  # noqa: N802
        self,
        request: language_pb2.RuntimeOptionsRequest,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> language_pb2.RuntimeOptionsResponse:
        """The template says all options."""
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(  # noqa: N802
        self,
        request: language_pb2.InstallDependenciesRequest,  # noqa: ARG002
        context: grpc.ServicerContext,  # noqa: ARG002
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Nothing is installed."""
        yield language_pb2.InstallDependenciesResponse()


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor())
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # The CLI ends it with an interrupt.
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()
