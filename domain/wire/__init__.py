"""What goes over the wire: one file a family of requests, responses and frames.

Handlers validate and encode with these structs; the OpenAPI document and the TypeScript
types of the web app are generated from them.
"""
