# An image with mldu in it, from its sources: docker build -t mldu -f assets/examples/mldu.Dockerfile .
FROM rust:1-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY assets assets
COPY benches benches
COPY src src
RUN cargo install --locked --path . --root /usr/local

FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/mldu /usr/local/bin/mldu
CMD ["mldu", "report"]
