"""The connector of `mqtt` on Mosquitto, over TCP and over websockets."""

from __future__ import annotations

from contracts.brokers import ConnectorContract
from support.brokers.mqtt import Mqtt, MqttWeb


class TestMqtt(ConnectorContract):
    broker_type = Mqtt


class TestMqttWeb(ConnectorContract):
    broker_type = MqttWeb
